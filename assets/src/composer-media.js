// Files: chosen, dropped or pasted, they go up at once, one after the other; their rows are moved in place.
import { noteChange } from "./composer.js";
import { renewMark } from "./post.js";

export function startMedia(form) {
  const section = form.querySelector("[data-drop]");
  const input = section.querySelector('input[type="file"]');
  const list = section.querySelector("[data-media-list]");
  const uploads = section.querySelector("[data-uploads]");
  let queue = Promise.resolve();

  function add(files) {
    for (const file of files) {
      const line = lineFor(file, uploads);
      queue = queue.then(() => upload(file, line));
    }
  }

  async function upload(file, line) {
    try {
      const answer = await send(form.dataset.upload, file, line.progress);
      if (answer.status === 401) return line.fail(uploads.dataset.textSignedOut);
      if (!answer.body) return line.fail(uploads.dataset.textFailed);
      if (answer.body.error) return line.fail(answer.body.error);
      line.end();
      place(answer.body);
    } catch {
      line.fail(uploads.dataset.textFailed);
    }
  }

  function place({ row, media_id: id }) {
    if (list.querySelector(`[data-media="${id}"]`)) return;
    list.insertAdjacentHTML("beforeend", row);
    noteChange(form);
  }

  section.classList.add("is-live");
  section.querySelector("[data-upload-button]").hidden = true;
  section.querySelector("[data-drop-hint]").hidden = false;
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    section.querySelector("[data-media-errors]").replaceChildren();
    add([...input.files]);
    input.value = "";
  });
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    move(button, input);
    noteChange(form);
  });
  acceptDrops(form, section, add);
  form.addEventListener("paste", (event) => {
    // Office programs add a picture of the text they copy: the text is meant then.
    const files = [...event.clipboardData.files];
    if (!files.length || event.clipboardData.getData("text/plain").trim()) return;
    event.preventDefault();
    add(files);
  });
}

function acceptDrops(form, section, add) {
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    section.classList.add("is-over");
  });
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) section.classList.remove("is-over");
  });
  form.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    section.classList.remove("is-over");
    add([...event.dataTransfer.files]);
  });
}

function move(button, input) {
  const row = button.closest("[data-media]");
  const { previousElementSibling: before, nextElementSibling: after } = row;
  if (button.dataset.move === "remove") {
    row.remove();
    ((after ?? before)?.querySelector('[data-move="remove"]') ?? input).focus();
    return;
  }
  if (button.dataset.move === "up") before?.before(row);
  else after?.after(row);
  button.focus();
}

// A line with name and progress; a failure stays until it is read and dismissed.
function lineFor(file, uploads) {
  const line = document.createElement("li");
  line.className = "upload";
  const name = document.createElement("span");
  name.textContent = file.name;
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", `${uploads.dataset.textUploading} ${file.name}`);
  line.append(name, bar);
  uploads.append(line);
  return {
    progress: (part) => (bar.value = part),
    end: () => line.remove(),
    fail(text) {
      const away = Object.assign(document.createElement("button"), { type: "button", className: "link-button" });
      away.textContent = uploads.dataset.textAway;
      away.addEventListener("click", () => line.remove());
      const error = Object.assign(document.createElement("p"), { className: "field-error", textContent: text });
      error.setAttribute("role", "alert");
      line.replaceChildren(error, away);
    },
  };
}

// XMLHttpRequest, because fetch does not tell how far an upload is.
async function send(url, file, progress, isSecond = false) {
  const answer = await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.set("file", file);
    request.open("POST", url);
    request.responseType = "text";
    request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => progress(event.loaded / event.total));
    request.addEventListener("load", () => resolve({ status: request.status, body: parsed(request.responseText) }));
    request.addEventListener("error", reject);
    request.send(data);
  });
  if (answer.status !== 400 || isSecond) return answer;
  await renewMark();
  return send(url, file, progress, true);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
