/*
 * Test support: everything that a state holds, private members of its indexes included, as plain data that can be compared. An index that is added
 * to a state is in the picture without being named here.
 */
// biome-ignore lint/style/noRestrictedImports: test support; nothing but tests imports it.
import { Session } from "node:inspector";
import { must } from "../lib/assert.ts";
import { RevisionIndex } from "./indexes/revision-index.ts";
import { OldestFirst } from "./oldest-first.ts";
import { PlacementIndex } from "./placement/placement-index.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { AccountState } from "./state/account-state.ts";
import { Journal } from "./tables/journal.ts";
import { JournaledQueue } from "./tables/journaled.ts";
import { Table } from "./tables/table.ts";

type Field = { readonly name: string; readonly value: unknown };

/** Classes that are caches or can hold the same content in several forms, with what they mean. */
const forms: readonly [new (...args: never[]) => object, (value: never) => unknown][] = [
  // Its undo list is empty between steps, and what the last commit released isn't state.
  [Journal, () => "journal"],
  // The order counts: replies and looks follow it. Sets and maps of indexes have a different order after each load.
  [Table, (table: Table<object>) => [...table.entries()]],
  [SortedKeys, (keys: SortedKeys) => [...keys.after(null)]],
  [OldestFirst, (keys: OldestFirst) => fieldsOf(keys).find(({ name }) => name === "#moments")?.value],
  // Only the order counts; the numbers may rise.
  [JournaledQueue, (queue: JournaledQueue) => [...queue.keys()]],
  [PlacementIndex, placementForm],
];

/** Members that are caches. They may be filled or empty, and are correct whenever they are filled. */
const caches: ReadonlyMap<unknown, readonly string[]> = new Map<unknown, readonly string[]>([
  [AccountState, ["effectiveSettings"]],
  [RevisionIndex, ["#characters"]],
]);

/** Everything that `state` (of a cluster or an account) keeps between steps. */
export function statePicture(state: object): unknown {
  return picture(state, new Map());
}

function picture(value: unknown, seen: Map<object, number>): unknown {
  if (typeof value === "function") return "function";
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return `seen ${known}`;
  const inner = (each: unknown) => picture(each, seen);
  // Documents are immutable, so plain values may be shared.
  if (Array.isArray(value)) return value.map(inner);
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  const form = forms.find(([type]) => value instanceof type)?.[1];
  if (form !== undefined) {
    seen.set(value, seen.size);
    return { [value.constructor.name]: inner(form(value as never)) };
  }
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, inner(each)]));
  if (value instanceof Set) return new Set(value);
  if (value instanceof WeakMap) return "a cache";
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(each)]));
  }
  seen.set(value, seen.size);
  const left = caches.get(value.constructor) ?? [];
  const fields = fieldsOf(value).filter(({ name }) => !left.includes(name));
  return { [value.constructor.name]: fields.map((field) => [field.name, inner(field.value)]) };
}

/**
 * What placement knows. Its lanes, sieves and logs only record that something changed, undone or not; placement-index.test.ts shows that
 * they choose as new ones would.
 */
function placementForm(index: PlacementIndex): unknown {
  index.settle();
  const slots = [...index.candidates.entries()].map(([slot, candidate]) => {
    if (candidate === null) return null;
    const { id, status, agentConnected, registeredResources, availabilityZone, customAttributes } = candidate.instance;
    const instance = { id, status, agentConnected, registeredResources, availabilityZone, customAttributes };
    return [instance, candidate.usage, index.cpuLeft[slot], index.memoryLeft[slot]];
  });
  const spread = fieldsOf(index).find(({ name }) => name === "#spread")?.value;
  return { slots: slots.filter((slot) => slot !== null), spread };
}

const session = new Session();
session.connect();

/** An object's own members, including private ones, which only the inspector can see. */
function fieldsOf(object: object): Field[] {
  const handed = globalThis as { handed?: unknown };
  handed.handed = object;
  const { result } = post<Remote>("Runtime.evaluate", { expression: "handed", objectGroup: "picture" });
  const { privateProperties = [] } = post<Properties>("Runtime.getProperties", {
    objectId: result.objectId,
    ownProperties: true,
  });
  const fields: Field[] = Object.entries(object).map(([name, value]) => ({ name, value }));
  for (const { name, value } of privateProperties) {
    if (value === undefined) continue;
    if (value.objectId === undefined) fields.push({ name, value: value.value });
    else {
      const functionDeclaration = "function () { globalThis.handed = this; }";
      post("Runtime.callFunctionOn", { objectId: value.objectId, functionDeclaration });
      fields.push({ name, value: handed.handed });
    }
  }
  post("Runtime.releaseObjectGroup", { objectGroup: "picture" });
  delete handed.handed;
  return fields;
}

type Remote = { readonly result: { readonly objectId: string } };
type Properties = {
  readonly privateProperties?: readonly {
    readonly name: string;
    readonly value?: { readonly objectId?: string; readonly value?: unknown };
  }[];
};

/** The inspector answers at once, because it is in the same process. */
function post<T>(method: string, parameters: object): T {
  let answer: T | undefined;
  session.post(method, parameters, (error: Error | null, result?: object) => {
    if (error !== null) throw error;
    answer = result as T;
  });
  return must(answer, "the answer of the inspector");
}
