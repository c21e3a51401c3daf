"""One fuzzer for each parser that reads what somebody else wrote.

A parser takes what it is given, or refuses it in words: nothing else is raised, and
nothing is written. `make soak` lets each of them look for FUZZ_SECONDS (ten minutes).
"""
