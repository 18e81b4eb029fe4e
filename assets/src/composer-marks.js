// Light markup without typing it: buttons and keys put marks around the selection, pasted HTML becomes markup.
import { post } from "./post.js";

const KEYS = { b: "**", i: "//", u: "__", k: "link" };

export function startMarks(form) {
  prepare(form);
  form.addEventListener("composer:redrawn", () => prepare(form));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) apply(document.getElementById(button.closest("[data-marks]").dataset.marks), button.dataset.mark);
  });
  form.addEventListener("keydown", (event) => {
    const mark = KEYS[keyOf(event)];
    if (!mark || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (!event.target.matches("textarea[data-light]")) return;
    event.preventDefault();
    apply(event.target, mark);
  });
  form.addEventListener("paste", (event) => {
    if (event.target.matches("textarea[data-light]")) pasteHtml(form, event);
  });
}

function prepare(form) {
  for (const bar of form.querySelectorAll("[data-marks]")) bar.hidden = false;
}

// The key by its place: on a Russian keyboard Ctrl+B is Ctrl+И.
function keyOf(event) {
  return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key.toLowerCase();
}

function apply(area, mark) {
  area.focus();
  if (mark === "link") link(area);
  else if (mark.endsWith(" ")) prefixLines(area, mark);
  else wrap(area, mark);
}

function wrap(area, token) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const before = value.slice(start - token.length, start);
  const after = value.slice(end, end + token.length);
  if (before === token && after === token) {
    area.setSelectionRange(start - token.length, end + token.length);
    insert(area, value.slice(start, end));
    area.setSelectionRange(start - token.length, end - token.length);
    return;
  }
  insert(area, token + value.slice(start, end) + token);
  area.setSelectionRange(start + token.length, end + token.length);
}

function link(area) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const words = value.slice(start, end);
  const isAddress = /^https?:\/\/\S+$/.test(words);
  const target = isAddress ? words : "https://";
  insert(area, `[${isAddress ? "" : words}](${target})`);
  if (isAddress) area.setSelectionRange(start + 1, start + 1);
  else area.setSelectionRange(start + words.length + 3, start + words.length + 3 + target.length);
}

function prefixLines(area, prefix) {
  const { selectionStart, selectionEnd, value } = area;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const end = value.indexOf("\n", selectionEnd) < 0 ? value.length : value.indexOf("\n", selectionEnd);
  const lines = value.slice(start, end).split("\n");
  const isOn = lines.every((line) => line.startsWith(prefix));
  const text = lines.map((line) => (isOn ? line.slice(prefix.length) : prefix + line)).join("\n");
  area.setSelectionRange(start, end);
  insert(area, text);
  area.setSelectionRange(start, start + text.length);
}

// As typed, so that Ctrl+Z takes it back; where that is not possible, the plain way.
function insert(area, text) {
  const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (done) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// The server reads the HTML with the code that cleans every text; nothing of it becomes part of this page.
async function pasteHtml(form, event) {
  const html = event.clipboardData.getData("text/html");
  const plain = event.clipboardData.getData("text/plain");
  if (!html) return;
  event.preventDefault();
  const area = event.target;
  const data = new FormData();
  data.set("html", html);
  let text = plain;
  try {
    const answer = await post(form.dataset.paste, data);
    if (answer.ok) text = (await answer.json()).text || plain;
  } catch {
    // No server: the words at least.
  }
  area.focus();
  insert(area, text);
}
