// Argo Server's paths that show an artifact as files: a folder is a page of links, a file is its content.
import type { WorkflowObject } from "@sluice/engine";
import { ServerError } from "../../../errors.ts";
import type { ServerDeps } from "../../ports.ts";
import type { ApiAnswer, ApiCall, ApiRoute } from "../../route.ts";
import { byUid, content, guardHeaders, nodeArtifact, rawContent } from "./artifacts.ts";

const workflowOf = (deps: ServerDeps, { params }: ApiCall): Promise<WorkflowObject> =>
  params["uid"] === undefined
    ? deps.runs.get(params["namespace"] ?? "", params["name"] ?? "")
    : byUid(deps, params["uid"]);

export function artifactFileRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const places = [
    { path: "workflows/:name", id: "" },
    { path: "archived-workflows/:uid", id: "ByUid" },
  ];
  return places.flatMap(({ path, id }) =>
    (["outputs", "inputs"] as const).flatMap((side) =>
      ["", "/*"].map(
        (rest): ApiRoute => ({
          method: "GET",
          path: `/artifact-files/:namespace/${path}/:nodeId/${side}/:artifact${rest}`,
          id: `get${side === "outputs" ? "Output" : "Input"}ArtifactFile${rest === "" ? "" : "Within"}${id}`,
          summary: "An artifact as files: a folder is a page of links, a file its content",
          handle: async (call) => fileOf(deps, call, await workflowOf(deps, call), side),
        }),
      ),
    ),
  );
}

async function fileOf(
  deps: ServerDeps,
  { params }: ApiCall,
  workflow: WorkflowObject,
  side: "inputs" | "outputs",
): Promise<ApiAnswer> {
  const { namespace } = workflow.metadata;
  if (namespace !== params["namespace"])
    throw ServerError.NOT_FOUND({
      what: "workflow",
      name: `${params["namespace"]}/${workflow.metadata.name}`,
    });
  const artifact = nodeArtifact(workflow, params, side);
  const raw = rawContent(artifact);
  if (raw !== undefined) return raw;
  const below = (params["*"] ?? "").split("/").filter((part) => part !== "" && part !== ".");
  const key = [artifact.s3?.key ?? "", ...below].join("/");
  const { artifacts } = deps.stores;
  const found = await artifacts.find(namespace, key);
  if (found?.kind === "file")
    return content(key.slice(key.lastIndexOf("/") + 1), artifacts.read(found), found);
  const names = await namesIn(deps, namespace, key);
  if (names === undefined) throw ServerError.NOT_FOUND({ what: "content of the artifact at", name: key });
  return page(`${artifact.name}/${below.join("/")}`, names);
}

const maxNames = 10_000;

/** What lies in the folder itself, folders with a slash behind; undefined when there is no such folder. */
async function namesIn(
  { stores }: ServerDeps,
  namespace: string,
  key: string,
): Promise<readonly string[] | undefined> {
  const names = new Set<string>();
  let isThere = false;
  for await (const { key: at, kind } of stores.artifacts.list(namespace, key)) {
    isThere = true;
    const [name = "", ...deeper] = at.slice(key.length + 1).split("/");
    if (name !== "" && names.size < maxNames)
      names.add(deeper.length > 0 || kind === "folder" ? `${name}/` : name);
  }
  return isThere ? [...names].sort() : undefined;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (sign) => entities[sign] ?? sign);

/** Names come from steps: they are escaped as text and as an address, and the page may run nothing. */
function page(title: string, names: readonly string[]): ApiAnswer {
  const links = names.map((name) => {
    const address = name.split("/").map(encodeURIComponent).join("/");
    // A name with a colon would be read as a scheme.
    const href = address.includes("%3A") ? `./${address}` : address;
    return `<li><a href="${href}">${escaped(name)}</a></li>`;
  });
  const html = `<!doctype html>\n<html><head><meta charset="utf-8"><title>${escaped(title)}</title></head>
<body><h3>${escaped(title)}</h3>\n<ul>\n${links.join("\n")}\n</ul></body></html>\n`;
  return {
    kind: "bytes",
    contentType: "text/html; charset=utf-8",
    headers: guardHeaders,
    body: textBody(html),
  };
}

async function* textBody(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text, "utf8");
}
