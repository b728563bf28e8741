// The pages work without this. It only makes them nicer.

// A code that is complete needs no button.
const code = document.querySelector("input.code");
code?.addEventListener("input", () => {
  if (code.value.replace(/[\s-]/g, "").length === 6) {
    code.form.requestSubmit();
  }
});

// Times in the reader's own time zone.
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString();
}

// What cannot be undone asks once more.
for (const button of document.querySelectorAll("button[data-ask]")) {
  button.form.addEventListener("submit", (event) => {
    if (event.submitter === button && !window.confirm(button.dataset.ask)) {
      event.preventDefault();
    }
  });
}

// Administration's menu is wider than a phone.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
