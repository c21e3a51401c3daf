from huey import MemoryHuey

huey = MemoryHuey("work")


@huey.task()
def add(a: int, b: int) -> int:
    return a + b
