from apscheduler.schedulers.blocking import BlockingScheduler


def main() -> None:
    scheduler = BlockingScheduler()
    scheduler.add_job(print, "interval", seconds=1, args=["tick"], kwargs={"flush": True})
    scheduler.start()


if __name__ == "__main__":
    main()
