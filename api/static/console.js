// Countdowns tick in the browser against the server's clock; the server pushes nothing for them.
(() => {
  const here = document.currentScript;
  const offset = Number(here.dataset.now) - Date.now();
  const show = (seconds) => {
    const s = Math.ceil(Math.abs(seconds)), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    const two = (n) => String(n).padStart(2, "0");
    return (h ? h + ":" + two(m) : m) + ":" + two(s % 60);
  };
  const tick = () => {
    for (const el of document.querySelectorAll("[data-until]")) {
      const left = (Date.parse(el.dataset.until) - (Date.now() + offset)) / 1000;
      el.textContent = left >= 0 ? show(left) : "+" + show(left);
      el.classList.toggle("late", left < 0);
    }
  };
  setInterval(tick, 250);
  document.addEventListener("DOMContentLoaded", tick);
})();
