import { describe, expect, it } from 'vitest';
import { filesOfFile, filesOfPage } from './page-files.ts';

const page = 'https://tap.example/s/tunnel?take=1';
const built = (path: string) => `https://tap.example/_app/immutable/${path}`;

describe('filesOfPage', () => {
  it('names the styles, the preloaded modules and what the page starts with', () => {
    const html = `
      <link href="../_app/immutable/assets/0.css" rel="stylesheet">
      <link rel="modulepreload" href="../_app/immutable/entry/start.js">
      <link rel="icon" href="../icon.svg">
      <script nonce="x">{ import("/_app/immutable/entry/start.js").then(async (kit) => {
        const app = await import("/_app/immutable/entry/app.js"); }); }</script>`;
    expect(filesOfPage(html, page)).toEqual([
      built('assets/0.css'),
      built('entry/start.js'),
      built('entry/app.js'),
    ]);
  });

  it('takes nothing from what people wrote, in the markup or in the data', () => {
    const html = `<p>import("/_app/immutable/a.js") href="/_app/immutable/b.css"</p>
      <script>kit.start(app, { data: ["import(\\"/_app/immutable/c.js\\")"] })</script>`;
    expect(filesOfPage(html, page)).toEqual([]);
  });

  it('takes nothing from elsewhere, and finds nothing in a page in development', () => {
    const html = `<link rel="stylesheet" href="https://other.example/_app/immutable/a.css">
      <script>import("/@fs/kit/client/entry.js")</script>`;
    expect(filesOfPage(html, page)).toEqual([]);
  });
});

describe('filesOfFile', () => {
  it('follows imports, lazy imports and what is preloaded with them', () => {
    const text =
      'const m=["../chunks/a.js","../assets/b.css"];import{t}from"./c.js";import"../d.js";' +
      'const later=()=>import(`../chunks/e.js`),text="see a.js or ./notes.txt"';
    expect(filesOfFile(text, built('nodes/0.js'))).toEqual(
      ['chunks/a.js', 'assets/b.css', 'nodes/c.js', 'd.js', 'chunks/e.js'].map(built),
    );
  });
});
