/**
 * Answers reads of EC2 with what Berth knows and what the companion's EC2 has. Without the companion's part, because it is down or answers nonsense, the
 * answer is what Berth alone gives, and the log says so.
 */
import { type OtherCredentials, signatureHeaders, signForAnother } from "../../auth/sign-for-another.ts";
import type { DescribeRequest, Ec2Filter } from "../../ec2/described-page.ts";
import {
  companionsToken,
  filtersFor,
  idsIn,
  itemsBeside,
  type MergedRead,
  mergedReads,
  mergedReply,
  namesIn,
  type PartOfAnswer,
  partOf,
  tokenOfCompanion,
} from "../../ec2/merged-reads.ts";
import { must } from "../../lib/assert.ts";
import { ec2 } from "../../wire/definitions/ec2.ts";
import { WireError } from "../../wire/errors.ts";
import { membersFromXml } from "../../wire/protocols/from-xml.ts";
import { readXml, type XmlElement, XmlError } from "../../wire/protocols/read-xml.ts";
import {
  type AnswerMerged,
  type ApiCall,
  type FrontDoor,
  partsOf,
  type SentForm,
  signedHead,
} from "../http/answer-call.ts";
import type { ServerLog } from "../log/log.ts";
import { NoAnswerError } from "./asked-call.ts";
import type { Companion } from "./companion.ts";
import { passedHeaders } from "./passed-headers.ts";

export type MergedEc2Options = {
  readonly companion: Companion;
  /** The key that questions are signed with; null asks with the caller's own signature, which covers only what is asked unchanged. */
  readonly credentials: OtherCredentials | null;
  /** Berth's own answer. With `elsewhere`, what isn't there is no error, as {@link EcsFacts} has it. */
  readonly answerOwn: (call: ApiCall, elsewhere: ReadonlySet<string> | null) => Promise<object>;
  readonly takeTurn: FrontDoor["takeTurn"];
  readonly log: ServerLog;
};

/** What a question has instead of the caller's form. */
type Change = (form: URLSearchParams) => void;

/** The companion refused the question, or answered something else than what was asked. */
class OddAnswerError extends Error {
  override readonly name = "OddAnswerError";
}

/** One read whose answer is being put together. */
type Reading = { readonly call: ApiCall; readonly sent: SentForm; readonly read: MergedRead; readonly request: Named };
type Named = DescribeRequest & Readonly<Record<string, unknown>>;

export class MergedEc2 {
  readonly #options: MergedEc2Options;
  /** By the actions of the operations, as {@link FrontDoor} takes them. */
  readonly answers: ReadonlyMap<string, AnswerMerged>;

  constructor(options: MergedEc2Options) {
    this.#options = options;
    const answer: AnswerMerged = (call, sent) => this.#answer(call, sent);
    this.answers = new Map([...mergedReads.keys()].map((name) => [`ec2:${name}`, answer]));
  }

  /** The reply in API shape. Rejects as Berth's own answer does, and with WireError for a later page of the companion's that doesn't come. */
  async #answer(call: ApiCall, sent: SentForm): Promise<object> {
    const request = call.request as Named;
    const read = must(mergedReads.get(call.operation.name), call.operation.name);
    if (request.DryRun === true) return this.#options.answerOwn(call, null);
    const reading = { call, sent, read, request };
    const token = tokenOfCompanion(request.NextToken);
    try {
      return token === null ? await this.#merged(reading) : await this.#laterPage(reading, token);
    } catch (error) {
      if (!(error instanceof NoAnswerError || error instanceof OddAnswerError)) throw error;
      const reason = `The companion ${this.#options.companion.url.origin} ${error.message}.`;
      this.#options.log.write("companion-part-missing", { operation: call.operation.name, reason });
      // Berth's part was on the pages before it, and without the rest the list would look complete.
      if (token !== null) throw new WireError("ServiceUnavailableException", reason);
      return this.#options.answerOwn(call, null);
    }
  }

  /** Berth's pages come first. A caller that asks for no pages gets both parts in one. */
  async #merged(reading: Reading): Promise<object> {
    const { call, read, request } = reading;
    const names = read.namedBy.flatMap(({ member }) => (request[member] ?? []) as readonly string[]);
    const inOne = request.MaxResults === undefined || names.length > 0;
    const first = inOne ? await this.#wholeOfCompanion(reading) : null;
    const theirs = first?.items ?? [];
    const own = partOf(read, await this.#options.answerOwn(call, namesIn(read, theirs)));
    const isAll = first !== null && first.NextToken === undefined && (request.Filters ?? []).length === 0;
    const left = read.isOwn ? own.items : itemsBeside(read, own.items, idsIn(read, theirs));
    const items = read.isOwn || isAll ? left : await this.#withoutCompanions(reading, left);
    if (own.NextToken !== undefined) return { [read.list]: items, NextToken: own.NextToken };
    if (first !== null) return mergedReply(read, items, first);
    if (items.length > 0) return { [read.list]: items, NextToken: companionsToken("") };
    return mergedReply(read, [], await this.#laterPart(reading, ""));
  }

  async #laterPage(reading: Reading, token: string): Promise<object> {
    return mergedReply(reading.read, [], await this.#laterPart(reading, token));
  }

  #laterPart(reading: Reading, token: string): Promise<PartOfAnswer> {
    // A first page that was asked for without a token goes on as it came.
    if (token === "" && reading.request.NextToken === undefined) return this.#ask(reading, null);
    return this.#ask(reading, (form) => {
      form.delete("NextToken");
      if (token !== "") form.set("NextToken", token);
    });
  }

  /** Everything that the companion has of what a request asks for; what it names is asked for by a filter, so that none of it need be there. */
  async #wholeOfCompanion(reading: Reading): Promise<PartOfAnswer> {
    const { read, request, sent } = reading;
    const filters = read.namedBy.flatMap((named) =>
      filtersFor(named, (request[named.member] ?? []) as readonly string[]),
    );
    if (filters.length === 0) {
      const hasToken = sent.form.includes("NextToken");
      return this.#ask(reading, hasToken ? (form) => form.delete("NextToken") : null);
    }
    const items: PartOfAnswer["items"][number][] = [];
    for (const filter of filters) {
      const found = await this.#ask(reading, (form) => {
        for (const name of [...form.keys()]) {
          const [parameter = ""] = name.split(".", 1);
          if (/^(?:NextToken|MaxResults)$/.test(name) || read.namedBy.some((named) => named.parameter === parameter)) {
            form.delete(name);
          }
        }
        addFilter(form, filter);
      });
      items.push(...itemsBeside(read, found.items, idsIn(read, items)));
    }
    return { items };
  }

  /** Those of Berth's items that the companion doesn't have, on whichever page, and whatever filters say there. */
  async #withoutCompanions(reading: Reading, items: PartOfAnswer["items"]): Promise<PartOfAnswer["items"]> {
    const { read } = reading;
    let left = items;
    for (const filter of filtersFor(read.namedBy[0], [...idsIn(read, items)])) {
      const { items: known } = await this.#ask(reading, (form) => {
        for (const name of [...form.keys()]) if (name !== "Action" && name !== "Version") form.delete(name);
        addFilter(form, filter);
      });
      left = itemsBeside(read, left, idsIn(read, known));
    }
    return left;
  }

  /** Asks the companion what the caller asked, or what `change` makes of it. */
  async #ask({ call, sent, read }: Reading, change: Change | null): Promise<PartOfAnswer> {
    const { companion, takeTurn } = this.#options;
    const { status, body } = await companion.ask(call.account, await this.#question(sent, change));
    return takeTurn(call.account, () => {
      const root = elementIn(body);
      if (status !== 200) throw new OddAnswerError(`refused the call with ${status} ${codeIn(root)}`.trimEnd());
      if (root?.name !== `${call.operation.name}Response`) throw new OddAnswerError("answered with something else");
      const part = partOf(read, membersFromXml(call.operation.shapes.output, root));
      if (part.items.some((item) => read.idsOf(item).length === 0)) {
        throw new OddAnswerError("answered with items that have no id");
      }
      return part;
    });
  }

  async #question({ method, url, headers: given, form: text }: SentForm, change: Change | null) {
    const form = new URLSearchParams(text);
    change?.(form);
    const changed = change === null ? text : form.toString();
    const { path, query: sentQuery } = partsOf(url);
    const isGet = method === "GET";
    const query = isGet ? changed : sentQuery;
    const target = query === "" ? path : `${path}?${query}`;
    const body = isGet ? null : Buffer.from(changed);
    const headers: Record<string, string | readonly string[] | undefined> = { ...given };
    for (const name of ["expect", "accept-encoding", "content-length"]) delete headers[name];
    if (change !== null) delete headers["x-amz-content-sha256"];
    if (body !== null) headers["content-length"] = String(body.length);
    const { credentials } = this.#options;
    const signature =
      credentials === null
        ? {}
        : await signForAnother(signedHead(ec2.signingName, method, target, headers), body, credentials);
    if (credentials !== null) for (const name of signatureHeaders) delete headers[name];
    return { method, path: target, headers: rawHeaders({ ...headers, ...signature }), body };
  }
}

/** A filter behind those that a form has. */
function addFilter(form: URLSearchParams, { Name = "", Values = [] }: Ec2Filter): void {
  const numbers = [...form.keys()].map((name) => Number(/^Filter\.(\d{1,6})\./.exec(name)?.[1] ?? 0));
  const filter = `Filter.${Math.max(0, ...numbers) + 1}`;
  form.append(`${filter}.Name`, Name);
  for (const [index, value] of Values.entries()) form.append(`${filter}.Value.${index + 1}`, value);
}

function rawHeaders(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string[] {
  const raw = Object.entries(headers).flatMap(([name, value = []]) =>
    (typeof value === "string" ? [value] : value).flatMap((each) => [name, each]),
  );
  return passedHeaders(raw);
}

function elementIn(body: Buffer): XmlElement | null {
  try {
    return readXml(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    if (error instanceof XmlError || error instanceof TypeError) return null;
    throw error;
  }
}

/** The code of an error, as EC2 writes it. */
function codeIn(root: XmlElement | null): string {
  const inside = (element: XmlElement | undefined, name: string) =>
    element?.children.find((each) => each.name === name);
  const code = inside(inside(inside(root ?? undefined, "Errors"), "Error"), "Code")?.text ?? "";
  return /^[\w.]{1,100}$/.test(code) ? code : "";
}
