/** The one stylesheet. Pages carry it inline, and their policy allows it by its hash and nothing else. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f5f2; --card: #fff; --ink: #1b1d21; --quiet: #5b6069; --line: #d9d7d1;
  --accent: #14594c; --on-accent: #fff; --error: #a3241b; --error-ground: #fdeeec; --care: #6b4a00; --care-ground: #fff6dd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #131517; --card: #1d2023; --ink: #eceae5; --quiet: #a3a8b0; --line: #3a3f45;
    --accent: #7fd1bd; --on-accent: #08231d; --error: #ffb3aa; --error-ground: #40201d; --care: #f1d48a; --care-ground: #37300f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100svh; padding: 1.5rem 1rem; background: var(--ground); color: var(--ink);
  display: grid; place-content: center; grid-template-columns: minmax(0, 27rem);
  font: 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
header { margin: 0 0 .75rem; color: var(--quiet); font-weight: 600; letter-spacing: .01em; }
main { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.75rem 1.5rem; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
form { margin: 0 0 1rem; }
main > :last-child, form > :last-child { margin-bottom: 0; }
.quiet { color: var(--quiet); font-size: .9375rem; }
.differs { color: var(--care); font-size: .9375rem; font-weight: 600; }
.error, .care { border-radius: .625rem; padding: .75rem 1rem; }
.error { color: var(--error); background: var(--error-ground); }
.care { color: var(--care); background: var(--care-ground); }
label { display: block; margin: 0 0 .375rem; font-weight: 600; }
input {
  width: 100%; margin: 0 0 1.25rem; padding: .75rem .875rem; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--quiet); border-radius: .625rem;
}
input.code, .code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: .12em; }
input.code { font-size: 1.5rem; text-align: center; text-transform: uppercase; }
input.code::placeholder { color: var(--quiet); opacity: .55; }
dl { margin: 0 0 1rem; }
dl > div { padding: .5rem 0; border-top: 1px solid var(--line); }
dl > div:last-child { border-bottom: 1px solid var(--line); }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; overflow-wrap: anywhere; }
dd.code { font-size: 1.75rem; font-weight: 600; line-height: 1.3; }
bdi { overflow: hidden; }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
button, a.button {
  display: block; width: 100%; min-height: 3rem; padding: .625rem 1rem; font: inherit; font-weight: 600; line-height: 1.6; text-align: center;
  text-decoration: none; color: var(--on-accent); background: var(--accent); border: 2px solid var(--accent); border-radius: .625rem; cursor: pointer;
}
button.plain { color: var(--ink); background: transparent; border-color: var(--quiet); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`
