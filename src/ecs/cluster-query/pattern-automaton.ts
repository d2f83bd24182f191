import { CharacterClasses } from "./character-classes.ts";
import { type CharacterSet, isWordCharacter } from "./character-set.ts";
import { type Instruction, noCharacter, PatternWalk } from "./pattern-walk.ts";
import { queryLimits } from "./query-limits.ts";

const unknown = 0;
const dead = 1;
const first = 2;

/** What determines a state: the instructions reached, and a representative of the previous character. */
type State = { readonly places: Uint16Array; readonly before: number; accepts: boolean | null };

/**
 * Matches texts with the instructions of a pattern. It caches states and their successors, so a text similar to earlier ones costs one
 * lookup per character. The cache is bounded; a text that needs more states is matched without it.
 */
export class PatternAutomaton {
  /** Characters looked up and instructions visited so far: the cost of matching. */
  steps = 0;
  readonly #walk: PatternWalk;
  readonly #classes: CharacterClasses;
  readonly #hasAnchors: boolean;
  readonly #states: (State | null)[] = [null, null];
  readonly #numbers = new Map<string, number>();
  readonly #statesMax: number;
  /** The number of the next state, by state and class of the next character; `unknown` until first needed. */
  #next: Uint16Array<ArrayBuffer>;

  constructor(instructions: readonly Instruction[]) {
    const sets = instructions.flatMap((each): CharacterSet[] => (each.kind === "character" ? [each.set] : []));
    this.#walk = new PatternWalk(instructions);
    this.#classes = new CharacterClasses(sets);
    this.#hasAnchors = instructions.some(({ kind }) => kind === "anchor");
    const { statesPerPattern, transitionsPerPattern } = queryLimits;
    this.#statesMax = first + Math.min(statesPerPattern, Math.floor(transitionsPerPattern / this.#classes.count));
    this.#next = new Uint16Array(8 * this.#classes.count);
    this.#numberOf(Uint16Array.of(0), noCharacter);
  }

  /** True if the whole of `text` matches. */
  matches(text: string): boolean {
    let state = first;
    if (this.#statesMax === first) return this.#walkOn(text, 0, Uint16Array.of(0), noCharacter);
    for (let at = 0; at < text.length; ) {
      const code = text.codePointAt(at) ?? 0;
      const next = this.#next[state * this.#classes.count + this.#classes.of(code)] as number;
      if (next === dead) {
        this.steps += at + 1;
        return false;
      }
      if (next !== unknown) state = next;
      else {
        const { places, before } = this.#states[state] as State;
        const found = this.#successor(state, code);
        if (found === unknown) {
          this.steps += at;
          return this.#walkOn(text, at, places, before);
        }
        // If the successor is dead, the next lookup at this position sees it.
        if (found === dead) continue;
        state = found;
      }
      at += code > 0xffff ? 2 : 1;
    }
    this.steps += text.length + 1;
    return this.#accepts(this.#states[state] as State);
  }

  #accepts(state: State): boolean {
    if (state.accepts === null) {
      this.#walk.begin(state.places);
      state.accepts = this.#walk.accepts(state.before);
    }
    return state.accepts;
  }

  /** The state after `state` reads the character `code`, cached from now on. `unknown` if the cache is full. */
  #successor(state: number, code: number): number {
    const { places, before } = this.#states[state] as State;
    this.#walk.begin(places);
    const goesOn = this.#walk.take(before, code);
    this.#countVisits();
    const next = goesOn ? this.#numberOf(this.#walk.places(), code) : dead;
    if (next !== unknown) this.#next[state * this.#classes.count + this.#classes.of(code)] = next;
    return next;
  }

  /** The number of the state, created if there is room; otherwise `unknown`. */
  #numberOf(places: Uint16Array, code: number): number {
    // Only anchors look back, and only at whether the previous character was a word character.
    const before =
      !this.#hasAnchors || code === noCharacter ? noCharacter : isWordCharacter(code) ? wordSign : otherSign;
    const key = String.fromCharCode(before + 1, ...places);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.length;
    if (number >= this.#statesMax) return unknown;
    this.#numbers.set(key, number);
    this.#states.push({ places, before, accepts: null });
    const needed = (number + 1) * this.#classes.count;
    if (needed > this.#next.length) {
      const larger = new Uint16Array(Math.max(needed, 2 * this.#next.length));
      larger.set(this.#next);
      this.#next = larger;
    }
    return number;
  }

  /** Matches the rest of the text from `at` without caching. */
  #walkOn(text: string, at: number, places: Uint16Array, before: number): boolean {
    this.#walk.begin(places);
    let last = before;
    let here = at;
    let goesOn = true;
    while (goesOn && here < text.length) {
      const code = text.codePointAt(here) ?? 0;
      goesOn = this.#walk.take(last, code);
      last = code;
      here += code > 0xffff ? 2 : 1;
    }
    const answer = goesOn && this.#walk.accepts(last);
    this.#countVisits();
    return answer;
  }

  #countVisits(): void {
    this.steps += this.#walk.visits;
    this.#walk.visits = 0;
  }
}

const wordSign = "a".charCodeAt(0);
const otherSign = " ".charCodeAt(0);
