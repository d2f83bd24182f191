/** True if two documents are equal, so writing one over the other would change nothing. */
export function isSameDocument(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
