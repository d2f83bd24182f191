import { spreadValue } from "./placement-strategies.ts";
import type { Slots } from "./slots.ts";

/** Stands for a missing value: the instance lacks the attribute. */
export const noValue = -1;

/**
 * Instances grouped by their values of several attributes, one district for each combination that occurs. Districts are sorted by their
 * values, and the instances of a district by slot.
 */
export class Districts {
  readonly #slots: Slots;
  readonly #attributes: readonly string[];
  #layout = -1;
  #attributesVersion = -1;
  /** Rises when the districts are rebuilt. */
  version = 0;
  /** By slot. */
  districtOf: Int32Array<ArrayBuffer> = new Int32Array(0);
  /** By slot, its position in its district. */
  placeOf: Int32Array<ArrayBuffer> = new Int32Array(0);
  /** By district, its number of slots. */
  sizes: number[] = [];
  /** By attribute and district, the number of the value. */
  values: Int32Array[] = [];
  /** By attribute and number of a value, the districts with it. */
  districtsWith: number[][][] = [];

  constructor(slots: Slots, attributes: readonly string[]) {
    this.#slots = slots;
    this.#attributes = attributes;
  }

  settle(): void {
    if (this.#layout === this.#slots.layout && this.#attributesVersion === this.#slots.attributesVersion) return;
    this.#layout = this.#slots.layout;
    this.#attributesVersion = this.#slots.attributesVersion;
    this.version += 1;
    this.#draw();
  }

  #draw(): void {
    const { candidates } = this.#slots;
    const members = new Map<string, { readonly values: readonly (string | null)[]; readonly slots: number[] }>();
    for (let slot = 0; slot < candidates.length; slot++) {
      const instance = candidates[slot]?.instance;
      const values = this.#attributes.map((attribute) =>
        instance === undefined ? null : spreadValue(attribute, instance),
      );
      const key = this.#attributes.length === 1 ? (values[0] ?? "\n") : JSON.stringify(values);
      const district = members.get(key);
      if (district === undefined) members.set(key, { values, slots: [slot] });
      else district.slots.push(slot);
    }
    const districts = [...members].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, district]) => district);
    this.sizes = districts.map(({ slots }) => slots.length);
    this.districtOf = new Int32Array(candidates.length);
    this.placeOf = new Int32Array(candidates.length);
    for (const [district, { slots }] of districts.entries()) {
      for (const [place, slot] of slots.entries()) {
        this.districtOf[slot] = district;
        this.placeOf[slot] = place;
      }
    }
    this.districtsWith = [];
    this.values = this.#attributes.map((_, at) => {
      const numbers = new Map<string, number>();
      const having: number[][] = [];
      this.districtsWith.push(having);
      return Int32Array.from(districts, ({ values }, district) => {
        const value = values[at] ?? null;
        if (value === null) return noValue;
        const number = numbers.get(value) ?? numbers.size;
        numbers.set(value, number);
        const known = having[number];
        if (known === undefined) having.push([district]);
        else known.push(district);
        return number;
      });
    });
  }
}
