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

export async function byUid(deps: ServerDeps, uid: string): Promise<WorkflowObject> {
  const found = await deps.runs.findByUid(uid);
  if (found === undefined)
    throw ServerError.NOT_FOUND({ what: "workflow with the uid", name: uid.slice(0, 64) });
  return found;
}

export interface NodeArtifact {
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
  const artifact = nodeArtifact(workflow, params, side);
  const raw = rawContent(artifact);
  return raw ?? stored(deps, workflow.metadata.namespace, artifact.s3?.key ?? "", asked["path"]);
}

/** The artifact that the path names. Errors: SERVER_NOT_FOUND. */
export function nodeArtifact(
  workflow: WorkflowObject,
  { nodeId = "", artifact: name = "" }: ApiCall["params"],
  side: "inputs" | "outputs",
): NodeArtifact {
  const { nodes } = workflow.status;
  const node = Object.hasOwn(nodes, nodeId) ? nodes[nodeId] : undefined;
  if (node === undefined) throw ServerError.NOT_FOUND({ what: "node", name: nodeId });
  const values = isObject(node[side]) ? node[side]["artifacts"] : undefined;
  const artifact = (Array.isArray(values) ? (values as NodeArtifact[]) : []).find((a) => a.name === name);
  if (artifact === undefined) throw ServerError.NOT_FOUND({ what: `artifact of node '${nodeId}'`, name });
  return artifact;
}

/** Data that stands in the manifest itself. */
export const rawContent = ({ name, raw }: NodeArtifact): ApiAnswer | undefined =>
  raw?.data === undefined ? undefined : content(name, rawBytes(raw.data));

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

/** Argo Server's own: nothing of it runs, and no other site shows it in a frame. */
export const guardHeaders = {
  "content-security-policy":
    "sandbox; base-uri 'none'; default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
} as const;

/**
 * Content comes from steps: a browser must neither show it as a page of ours nor guess what it is.
 */
export function content(name: string, body: AsyncIterable<Uint8Array>, of?: StoredArtifact): ApiAnswer {
  const plain = name.replaceAll(/[^\w.-]/g, "_");
  return {
    kind: "bytes",
    contentType: "application/octet-stream",
    headers: {
      "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
      ...guardHeaders,
      ...(of === undefined ? {} : { "content-length": String(of.bytes), etag: `"${of.hash}"` }),
    },
    body,
  };
}
