// The content of artifacts, in Argo Server's paths. A folder that was saved file by file answers with the list of its
// files; each of them with `path`.
import { isObject } from "@sluice/base";
import type { StoredArtifact } from "@sluice/bus";
import type { WorkflowObject } from "@sluice/engine";
import { ServerError } from "../../../errors.ts";
import type { ServerDeps } from "../../ports.ts";
import { type ApiAnswer, type ApiCall, type ApiRoute, json } from "../../route.ts";

const query = { path: "of a folder: the file in it" };

export function artifactRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [...bySide(deps), ...artifactFileRoutes(deps)];
}

function bySide(deps: ServerDeps): readonly ApiRoute[] {
  return (["outputs", "inputs"] as const).flatMap((side): ApiRoute[] => {
    const prefix = side === "outputs" ? "/artifacts" : "/input-artifacts";
    const title = side === "outputs" ? "Output" : "Input";
    return [
      {
        method: "GET",
        path: `${prefix}/:namespace/:name/:nodeId/:artifact`,
        id: `get${title}Artifact`,
        summary: `An ${side.slice(0, -1)} artifact of a node: its content, or for a folder the list of its files`,
        query,
        handle: async (call) => {
          const { namespace = "", name = "" } = call.params;
          return artifactOf(deps, call, await deps.runs.get(namespace, name), side);
        },
      },
      {
        method: "GET",
        path: `${prefix}-by-uid/:uid/:nodeId/:artifact`,
        id: `get${title}ArtifactByUid`,
        summary: `An ${side.slice(0, -1)} artifact of a node of the workflow with this uid`,
        query,
        handle: async (call) => artifactOf(deps, call, await byUid(deps, call.params["uid"] ?? ""), side),
      },
    ];
  });
}

/** As Argo's pages have them: by name or by uid, and with the file of a folder as part of the path. */
function artifactFileRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const path = "/artifact-files/:namespace/:idKind/:id/:nodeId/:side/:artifact";
  return [path, `${path}/*`].map((route, i) => ({
    method: "GET",
    path: route,
    id: i === 0 ? "getArtifactFile" : "getFileOfArtifact",
    summary:
      "An artifact by `workflows` and a name, or `archived-workflows` and a uid; side is outputs or inputs",
    query,
    handle: (call: ApiCall) => artifactFile(deps, call),
  }));
}

async function artifactFile(deps: ServerDeps, call: ApiCall): Promise<ApiAnswer> {
  const { namespace = "", idKind, id = "", side, "*": path } = call.params;
  if (side !== "outputs" && side !== "inputs")
    throw ServerError.REQUEST_INVALID({
      where: "path",
      reason: "wanted outputs or inputs before the artifact",
    });
  if (idKind !== "workflow" && idKind !== "workflows" && idKind !== "archived-workflows")
    throw ServerError.REQUEST_INVALID({ where: "path", reason: "wanted workflows or archived-workflows" });
  const workflow =
    idKind === "archived-workflows" ? await byUid(deps, id) : await deps.runs.get(namespace, id);
  if (workflow.metadata.namespace !== namespace)
    throw ServerError.NOT_FOUND({ what: `workflow of namespace '${namespace}' with the uid`, name: id });
  const file = path === undefined || path === "" ? {} : { path: path.replace(/\/$/, "") };
  return artifactOf(deps, { ...call, query: { ...call.query, ...file } }, workflow, side);
}

async function byUid(deps: ServerDeps, uid: string): Promise<WorkflowObject> {
  const found = await deps.runs.findByUid(uid);
  if (found === undefined)
    throw ServerError.NOT_FOUND({ what: "workflow with the uid", name: uid.slice(0, 64) });
  return found;
}

interface NodeArtifact {
  readonly name: string;
  readonly s3?: { readonly key?: string };
  readonly raw?: { readonly data?: string };
}

async function artifactOf(
  deps: ServerDeps,
  { params, query: asked }: ApiCall,
  workflow: WorkflowObject,
  side: "inputs" | "outputs",
): Promise<ApiAnswer> {
  const { nodeId = "", artifact: name = "" } = params;
  const { nodes } = workflow.status;
  const node = Object.hasOwn(nodes, nodeId) ? nodes[nodeId] : undefined;
  if (node === undefined) throw ServerError.NOT_FOUND({ what: "node", name: nodeId });
  const values = isObject(node[side]) ? node[side]["artifacts"] : undefined;
  const artifact = (Array.isArray(values) ? (values as NodeArtifact[]) : []).find((a) => a.name === name);
  if (artifact === undefined) throw ServerError.NOT_FOUND({ what: `artifact of node '${nodeId}'`, name });
  if (artifact.raw?.data !== undefined) return content(name, rawBytes(artifact.raw.data));
  return stored(deps, workflow.metadata.namespace, artifact.s3?.key ?? "", asked["path"]);
}

async function* rawBytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text, "utf8");
}

async function stored(
  deps: ServerDeps,
  namespace: string,
  key: string,
  path: string | undefined,
): Promise<ApiAnswer> {
  const { artifacts } = deps.stores;
  const place = path === undefined || path === "" ? key : `${key}/${path}`;
  const found = await artifacts.find(namespace, place);
  if (found?.kind === "file")
    return content(key.slice(key.lastIndexOf("/") + 1), artifacts.read(found), found);
  const files: object[] = [];
  let isThere = false;
  for await (const one of artifacts.list(namespace, place)) {
    isThere = true;
    if (files.length >= maxListed) break;
    if (one.key !== `${place}/`) files.push(listed(one, place)); // the mark of the folder itself
  }
  if (!isThere) throw ServerError.NOT_FOUND({ what: "content of the artifact at", name: place });
  return json({ key: place, files });
}

const maxListed = 100_000;

const listed = ({ key, kind, bytes, mode, target }: StoredArtifact, under: string): object => ({
  path: key.slice(under.length + 1),
  kind,
  bytes,
  ...(mode === undefined ? {} : { mode }),
  ...(target === undefined ? {} : { target }),
});

/**
 * Content comes from steps: a browser must neither show it as a page of ours nor guess what it is.
 */
function content(name: string, body: AsyncIterable<Uint8Array>, of?: StoredArtifact): ApiAnswer {
  const plain = name.replaceAll(/[^\w.-]/g, "_");
  return {
    kind: "bytes",
    contentType: "application/octet-stream",
    headers: {
      "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      ...(of === undefined ? {} : { "content-length": String(of.bytes), etag: `"${of.hash}"` }),
    },
    body,
  };
}
