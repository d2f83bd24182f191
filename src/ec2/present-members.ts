/** The members that have a value: Berth doesn't show what ECS doesn't say. */
export function present<T extends Readonly<Record<string, string | number | null>>>(members: T): Partial<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Partial<T>;
}
