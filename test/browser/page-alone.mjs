// Runs the tasks of page.mjs in a browser that no program controls, and sends each result to the server.
import "./page.mjs";

const send = (answer) => fetch("/answers", { method: "POST", body: JSON.stringify(answer) });

const lines = [];
const { log } = console;
console.log = (...values) => {
  lines.push(values.join(" "));
  log(...values);
};

for (const task of new URLSearchParams(location.search).get("tasks").split(",")) {
  try {
    const result = await runTask(task);
    await send({ task, result: result ?? lines.splice(0).join("\n") });
  } catch (error) {
    await send({ task, error: String(error) });
  }
}
await send({ task: "end" });
