/** @file A web server for the tests, on this machine only. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What stands at a path without the leading slash, or undefined. */
export type Site = (path: string) => string | Uint8Array | undefined;

export type Server = {
  readonly address: string;
  /** Paths that were found, in order. */
  readonly served: string[];
  /** Reports that were sent to /violations. */
  readonly violations: string[];
  close(): Promise<void>;
};

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/** `headers` come with every answer. `posts` has what is called with the text that a page posts, by path. */
export async function serve(
  site: Site,
  headers: Readonly<Record<string, string>>,
  posts: Readonly<Record<string, (text: string) => void>> = {},
): Promise<Server> {
  const served: string[] = [];
  const violations: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = pathname === "/" ? "index.html" : decodeURIComponent(pathname.slice(1));
    const post = path === "violations" ? (report: string) => void violations.push(report) : posts[path];
    if (post !== undefined) {
      void text(request).then(post);
      response.writeHead(204).end();
      return;
    }
    // Chromium asks for it by itself
    const content = path === "favicon.ico" ? "" : site(path);
    if (content === undefined) {
      response.writeHead(404, headers).end();
      return;
    }
    served.push(path);
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, ...headers }).end(content);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}/`,
    served,
    violations,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
