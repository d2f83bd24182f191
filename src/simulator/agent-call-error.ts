/** How an agent's API call failed: with ECS's error code, or with null if no answer came. */
export class AgentCallError extends Error {
  override readonly name = "AgentCallError";
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.code = code;
  }
}
