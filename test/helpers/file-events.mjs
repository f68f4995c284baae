/**
 * Preloaded into a process (`node --import`): counts the operations by which it changes files below a folder, and kills it at one of them. Environment:
 * FILE_EVENTS_FOLDER; FILE_EVENTS_KILL, such as "17 before", "17 within" (a write is half done then) or "17 after", or "step-2 before" for the first one on
 * a path with this text; FILE_EVENTS_LOG, a file that gets a line
 * of JSON for each operation.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";
import { isMainThread } from "node:worker_threads";

const folder = resolve(process.env.FILE_EVENTS_FOLDER);
const log = process.env.FILE_EVENTS_LOG;
const [killAt, when] = (process.env.FILE_EVENTS_KILL ?? "none before").split(" ");
const { openSync, writeSync, appendFileSync } = fs;
let count = 0;

const die = () => process.kill(process.pid, "SIGKILL");
// threads of the engine are preloaded too, and write nothing
const isOurs = (path) => isMainThread && typeof path === "string" && resolve(path).startsWith(folder + sep);
/** Paths of open files, by their descriptors. */
const open = new Map();

/** Runs an operation that is one of ours, or dies. `half` does a part of it. */
function event(operation, run, half = () => {}) {
  const at = count++;
  const isLast =
    at === Number(killAt) || (killAt.startsWith("step") && operation.paths.some((path) => path.includes(killAt)));
  if (isLast && when === "before") die();
  if (isLast && when === "within") {
    half();
    die();
  }
  if (log !== undefined) appendFileSync(log, `${JSON.stringify(operation)}\n`);
  const result = run();
  if (!isLast) return result;
  if (typeof result?.then !== "function") die();
  return result.then(die);
}

const relative = (path) => resolve(path).slice(folder.length + 1);
const base64 = (data, offset = 0) => {
  const bytes =
    typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.subarray(offset).toString("base64");
};
const writes = (flags) =>
  typeof flags === "string" ? !/^r$|^rs$/.test(flags) : flags !== undefined && (flags & 3) !== 0;

/** Operations on one path, and on two. */
for (const name of ["mkdir", "unlink", "rm", "rename", "link"]) {
  const pathOf = (args) => (name === "link" || name === "rename" ? args[1] : args[0]);
  const wrapped = (original, self) =>
    function (...args) {
      if (!isOurs(pathOf(args))) return original.apply(self, args);
      // what is there already is no change
      if ((name === "mkdir" || name === "rm" || name === "unlink") && fs.existsSync(args[0]) === (name === "mkdir"))
        return original.apply(self, args);
      const paths = name === "link" || name === "rename" ? args.slice(0, 2) : args.slice(0, 1);
      return event({ name, paths: paths.map(relative) }, () => original.apply(self, args));
    };
  fs[`${name}Sync`] = wrapped(fs[`${name}Sync`], fs);
  fs.promises[name] = wrapped(fs.promises[name], fs.promises);
}

fs.openSync = (path, flags = "r", ...rest) => {
  if (!isOurs(path)) return openSync(path, flags, ...rest);
  const isNew = writes(flags) && !(flags === "a" && fs.existsSync(path)) && flags !== "r+";
  const run = () => openSync(path, flags, ...rest);
  const descriptor = isNew ? event({ name: "create", paths: [relative(path)] }, run) : run();
  open.set(descriptor, relative(path));
  return descriptor;
};
fs.writeSync = (descriptor, data, ...rest) => {
  const path = open.get(descriptor);
  if (path === undefined) return writeSync(descriptor, data, ...rest);
  const offset = typeof rest[0] === "number" && typeof data !== "string" ? rest[0] : 0;
  const half = () => {
    const bytes = Buffer.from(base64(data, offset), "base64");
    writeSync(descriptor, bytes.subarray(0, Math.floor(bytes.length / 2)));
  };
  const isTouch = path.endsWith("run.lock");
  const run = () => writeSync(descriptor, data, ...rest);
  return isTouch ? run() : event({ name: "write", paths: [path], bytes: base64(data, offset) }, run, half);
};
for (const name of ["fsync", "ftruncate", "close"]) {
  const original = fs[`${name}Sync`];
  fs[`${name}Sync`] = (descriptor, ...rest) => {
    const path = open.get(descriptor);
    const run = () => original(descriptor, ...rest);
    if (name === "close") open.delete(descriptor);
    if (path === undefined || name === "close") return run();
    return event({ name, paths: [path], ...(name === "ftruncate" && { size: rest[0] ?? 0 }) }, run);
  };
}
const writeFileSync = fs.writeFileSync;
fs.writeFileSync = (path, data, ...rest) => {
  if (!isOurs(path)) return writeFileSync(path, data, ...rest);
  return event(
    { name: "writeFile", paths: [relative(path)], bytes: base64(data) },
    () => writeFileSync(path, data, ...rest),
    () => {
      const bytes = Buffer.from(base64(data), "base64");
      writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length / 2)));
    },
  );
};

const openLater = fs.promises.open;
fs.promises.open = async (path, flags = "r", ...rest) => {
  if (!isOurs(path)) return openLater(path, flags, ...rest);
  const name = relative(path);
  const run = () => openLater(path, flags, ...rest);
  const handle = await (writes(flags) ? event({ name: "create", paths: [name] }, run) : run());
  const { write, sync } = handle;
  handle.write = (data, ...more) =>
    event(
      { name: "write", paths: [name], bytes: base64(data) },
      () => write.call(handle, data, ...more),
      () => writeSync(handle.fd, data.subarray(0, Math.floor(data.length / 2))),
    );
  handle.sync = () => event({ name: "fsync", paths: [name] }, () => sync.call(handle));
  return handle;
};
syncBuiltinESMExports();

process.on("exit", () => {
  if (log !== undefined && isMainThread) appendFileSync(log, `${JSON.stringify({ name: "end", count })}\n`);
});
