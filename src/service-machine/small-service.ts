/** The smallest service that uses everything a service has: notes by name, which may end by themselves. For tests. */
import type { DocumentKind } from "../ecs/documents/document-kind.ts";
import { Refusal } from "../ecs/refusals.ts";
import type { Table } from "../ecs/tables/table.ts";
import type { ServicePorts } from "./service-ports.ts";
import { type ServiceRulebook, serviceRulebook } from "./service-rulebook.ts";
import type { ServiceStep } from "./service-step.ts";

type Note = { readonly name: string; readonly text: string; readonly endsAt: number | null };
type Step = ServiceStep<{ readonly notes: Table<Note> }>;

const noteKind: DocumentKind<Note> = {
  name: "note",
  keyMember: "name",
  version: 1,
  shape: { name: "string", text: "string", endsAt: "number?" },
  dueAt: ({ endsAt }) => endsAt,
};

function putNote(step: Step, note: Note): object {
  step.state.notes.put(note.name, note);
  if (note.text === "refuse") throw new Refusal("BadNoteException", "no such text");
  step.effects.push({ type: "note-put" });
  return {};
}

const row = { machine: "service", errors: ["BadNoteException"] } as const;

export const noteService: ServiceRulebook = serviceRulebook<Step["state"]>({
  name: "notes",
  operations: {
    PutNote: { ...row, handler: putNote, access: "operate" },
    ListNotes: { ...row, handler: ({ state }: Step) => ({ names: [...state.notes.keys()].sort() }), access: "read" },
    DeleteNote: {
      ...row,
      handler: ({ state }: Step, { name }: { readonly name: string }) => {
        state.notes.delete(name);
        return {};
      },
      access: "operate",
    },
  },
  createState: (tables) => ({ notes: tables.of(noteKind) }),
  whenDue: { note: ({ state }, _note, name) => state.notes.delete(name) },
});

export const noPorts: ServicePorts = {
  principalId: (prefix) => prefix,
  credentialsOf: null,
  values: null,
  randomBytes: (count) => new Uint8Array(count),
};
