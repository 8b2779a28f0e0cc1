"""The one page of the screen in a browser."""

from __future__ import annotations

from html import escape

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style nonce="{nonce}">
html, body {{ margin: 0; height: 100%; background: #10141b; }}
img {{ display: block; margin: auto; max-width: 100%; max-height: 100vh; }}
p {{ position: fixed; bottom: 0; color: #ff9494; font-family: monospace; padding: 0 1em; }}
</style></head>
<body><img alt="the screen of {title}; fleet-tui's commands tell the same as text"><p></p>
<script nonce="{nonce}">
"use strict";
const token = new URLSearchParams(location.search).get("token") || "";
const ask = (path, options) => fetch(path + "token=" + encodeURIComponent(token), options);
const image = document.querySelector("img"), note = document.querySelector("p");
const names = {{ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right",
  Enter: "enter", Escape: "escape", Tab: "tab", " ": "space", Backspace: "backspace",
  Delete: "delete", Home: "home", End: "end", PageUp: "pageup", PageDown: "pagedown"}};
let serial = 0, shown = "";
async function look() {{
  for (;;) {{
    try {{
      const answer = await ask("/screen?after=" + serial + "&");
      if (!answer.ok) throw new Error("refused: " + answer.status);
      const picture = await answer.json();
      note.textContent = "";
      if (picture.serial === serial) continue;
      serial = picture.serial;
      const url = URL.createObjectURL(new Blob([picture.svg], {{type: "image/svg+xml"}}));
      image.src = url;
      if (shown) URL.revokeObjectURL(shown);
      shown = url;
    }} catch (error) {{
      note.textContent = "no contact with fleet-tui: " + error.message;
      await new Promise(again => setTimeout(again, 2000));
    }}
  }}
}}
document.addEventListener("keydown", event => {{
  if (event.metaKey || event.altKey) return;
  let key = names[event.key] || (/^F\\d+$/.test(event.key) ? event.key.toLowerCase() : event.key);
  if (key.length > 1 && !names[event.key] && !/^f\\d+$/.test(key)) return;
  if (event.shiftKey && names[event.key]) key = "shift+" + key;
  if (event.ctrlKey) key = "ctrl+" + key;
  event.preventDefault();
  ask("/key?", {{method: "POST", body: key}});
}});
look();
</script></body></html>
"""


def page(title: str, nonce: str) -> bytes:
    """Return the page; only what carries `nonce` runs in it."""
    return _PAGE.format(title=escape(title), nonce=escape(nonce)).encode()
