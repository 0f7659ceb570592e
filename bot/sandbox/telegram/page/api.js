// Calls of the sandbox: control calls and the stream of events. Knows nothing of the page.

async function call(method, path, body) {
  const response = await fetch(`/__sandbox/${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

export const people = () => call("GET", "users");
export const addPerson = (person) => call("POST", "users", person);
export const changePerson = (id, person) => call("PATCH", `users/${id}`, person);
export const load = (id) => call("GET", `page/${id}`);
export const act = (id, action, body = {}) => call("POST", `chats/${id}/${action}`, body);
export const faultSwitches = () => call("GET", "switches");
export const setFaultSwitches = (switches) => call("PUT", "switches", switches);
export const fileAddress = (id) => `/__sandbox/page/files/${id}`;

/** Listen to a chat. The browser reconnects by itself, and every connection begins with "hello". */
export function listen(id, onEvent, onLost) {
  const source = new EventSource(`/__sandbox/page/${id}/events`);
  source.onmessage = (message) => onEvent(JSON.parse(message.data));
  source.onerror = onLost;
  return () => source.close();
}

/** Read a file as base64, the form in which the control calls take files. */
export async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(text);
}
