// Shows how long a reservation still holds; after that nobody can pay it.
export function countDown(element) {
  const end = Date.parse(element.dataset.until);
  const timer = setInterval(show, 1000);
  show();

  function show() {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    element.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
    if (left === 0) {
      clearInterval(timer);
      element.closest("form").querySelector("button").disabled = true;
    }
  }
}
