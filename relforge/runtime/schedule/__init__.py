"""Scheduled work: when a job is due; `contract.cron` has the grammar.

kept.py     what is kept of each job
job.py      one row of `schedule`, as the supervisor's rules use it
"""
