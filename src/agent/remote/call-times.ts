/** AWS: the times in agents' calls. They are sent as epoch seconds with a fraction; the agent uses milliseconds. */
const sent: Readonly<Record<string, readonly string[]>> = {
  SubmitTaskStateChange: ["pullStartedAt", "pullStoppedAt", "executionStoppedAt"],
};

/** `request` with its times as they are sent. */
export function requestAsSent(operation: string, request: object): object {
  const names = sent[operation];
  if (names === undefined) return request;
  return Object.fromEntries(
    Object.entries(request).map(([name, value]) => [
      name,
      names.includes(name) && typeof value === "number" ? value / 1_000 : value,
    ]),
  );
}

type ProtectedTask = { readonly expirationDate?: unknown };

/** `reply` with the times that agents read converted to milliseconds: when a task's protection ends. */
export function replyAsRead(reply: object): object {
  const { protectedTasks } = reply as { readonly protectedTasks?: unknown };
  if (!Array.isArray(protectedTasks)) return reply;
  const inMs = (task: ProtectedTask): object =>
    typeof task.expirationDate === "number" ? { ...task, expirationDate: task.expirationDate * 1_000 } : task;
  return { ...reply, protectedTasks: (protectedTasks as readonly ProtectedTask[]).map(inMs) };
}
