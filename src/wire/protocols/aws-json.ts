import { renderJsonError } from "../errors.ts";
import { parseRequest } from "../parse.ts";
import { renderReply } from "../render.ts";
import type { Protocol } from "../service-definition.ts";

/** AWS JSON: one URL, the operation in the header `X-Amz-Target`, JSON in both directions. */
const awsJson = (version: "1.0" | "1.1"): Protocol => ({
  namesOperationIn: "target",
  contentType: `application/x-amz-json-${version}`,
  parse: parseRequest,
  render: renderReply,
  renderError: (service, error) => {
    const rendered = renderJsonError(error, service);
    const contentType = `application/x-amz-json-${version}`;
    if (!service.isQueryCompatible) return { ...rendered, contentType };
    // AWS: clients that know the codes of the query protocol take them from this header.
    const fault = rendered.status < 500 ? "Sender" : "Receiver";
    const headers = { "x-amzn-query-error": `${service.queryCodeOf(rendered.code)};${fault}` };
    return { ...rendered, contentType, headers };
  },
});

export const awsJson10 = awsJson("1.0");
export const awsJson11 = awsJson("1.1");
