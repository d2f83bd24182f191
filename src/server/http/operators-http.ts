import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import { renderError, WireError } from "../../wire/errors.ts";
import { answerAndClose } from "../log/last-words.ts";
import type { ServerLog } from "../log/log.ts";
import type { HttpAnswer } from "./answer-call.ts";
import { FairGate } from "./fair-gate.ts";
import { type ForeignRequestPolicy, foreignRefusal } from "./foreign-requests.ts";
import { HttpAnswers } from "./http-answers.ts";
import { type Exchange, HttpConnections } from "./http-connections.ts";
import { type HttpLimits, httpLimits } from "./http-limits.ts";
import { createHttpServer } from "./http-server.ts";
import { type OperatorSources, renderHealth, renderMetrics } from "./operator-answers.ts";

export type OperatorsHttpOptions = OperatorSources & {
  readonly foreign: ForeignRequestPolicy;
  readonly log: ServerLog;
};

/** LIMIT: connections of the operators' listener; a few systems watch one server. */
const connectionsMax = 64;

const apiType = "application/x-amz-json-1.1";

/** A listener of its own for /metrics and the whole of /health, which needs no key: who reaches it is up to its address. */
export function createOperatorsHttp(options: OperatorsHttpOptions): Server {
  const limits: HttpLimits = {
    ...httpLimits,
    connections: connectionsMax,
    waitingConnections: connectionsMax,
    waitingPerAddress: connectionsMax,
  };
  const connections = new HttpConnections(limits);
  const answers = new HttpAnswers(limits, connections);
  const gate = new FairGate();
  const server = createHttpServer(
    { limits, connections, tls: null, shouldUpgrade: () => false, hasLongBodies: false },
    (exchange, connection) => {
      const turn = gate.pass({ address: connection.address, accessKeyId: "" }, httpLimits.bodyBytes);
      void answerOperator(options, exchange, turn).then(({ status, body, contentType = apiType }) => {
        // No request has a body that matters; one that is still coming ends with its connection.
        const closing = exchange.request.complete ? {} : { connection: "close" };
        const headers = { "x-amzn-RequestId": randomUUID(), "content-type": contentType, ...closing };
        answers.send(exchange.response, connection, { status, headers }, body);
      });
    },
  );
  server.on("clientError", (_error, socket) => {
    const { body } = renderError(new WireError("SerializationException", "The bytes received are no HTTP request."));
    answerAndClose(socket, "400 Bad Request", apiType, body);
  });
  return server;
}

/** Answers when `turn` has come. Never rejects. */
async function answerOperator(
  options: OperatorsHttpOptions,
  { request }: Exchange,
  turn: Promise<void> | null,
): Promise<HttpAnswer> {
  try {
    if (turn !== null) await turn;
    const refusal = foreignRefusal(request, options.foreign);
    if (refusal !== null) throw refusal;
    const path = (request.url ?? "").split("?")[0];
    if (request.method === "GET" || request.method === "HEAD") {
      if (path === "/health") return renderHealth(options.health());
      if (path === "/metrics") return await renderMetrics(options);
    }
    const text = "This listener answers GET /health and GET /metrics.";
    return { ...renderError(new WireError("UnknownOperationException", text)), status: 404 };
  } catch (error) {
    const rendered = renderError(error);
    if (rendered.status >= 500) options.log.write("operator-request-failed", { err: error });
    return rendered;
  }
}
