import type { SluiceProcess } from "../../e2e/sluice-process.ts";
import type { Manifest } from "./cases.ts";
import type { Line, SeenWorkflow } from "./seen.ts";

const isNamespaced = ({ kind }: Manifest): boolean => kind !== "ClusterWorkflowTemplate";

/** The calls that a conformance run makes, all of them the server's public API. */
export class Api {
  readonly #sluice: SluiceProcess;
  readonly namespace: string;

  constructor(sluice: SluiceProcess, namespace = "default") {
    this.#sluice = sluice;
    this.namespace = namespace;
  }

  get #workflows(): string {
    return `/api/v1/workflows/${this.namespace}`;
  }

  async apply(manifest: Manifest): Promise<void> {
    await this.#sluice.json("POST", "/api/v1/sluice/apply", {
      manifests: JSON.stringify({
        ...manifest,
        metadata: { ...manifest.metadata, ...(isNamespaced(manifest) ? { namespace: this.namespace } : {}) },
      }),
    });
  }

  async setDatabaseLimit(key: string, limit: number): Promise<void> {
    const body = { type: "DATABASE", namespace: this.namespace, key, limit };
    await this.#sluice.json("POST", `/api/v1/sync/${this.namespace}`, body);
  }

  async submit(workflow: unknown): Promise<string> {
    const made = await this.#sluice.json<SeenWorkflow>("POST", this.#workflows, { workflow });
    return made.metadata.name;
  }

  get(name: string): Promise<SeenWorkflow> {
    return this.#sluice.json("GET", `${this.#workflows}/${name}`);
  }

  async verb(name: string, verb: string, body: object = {}): Promise<void> {
    await this.#sluice.json("PUT", `${this.#workflows}/${name}/${verb}`, {
      namespace: this.namespace,
      name,
      ...body,
    });
  }

  async lines(name: string): Promise<readonly Line[]> {
    const response = await fetch(
      `${this.#sluice.url}${this.#workflows}/${name}/log?logOptions.container=main`,
    );
    const text = await response.text();
    return text
      .split("\n")
      .map((line) => line.replace(/^data: /, ""))
      .filter((line) => line.startsWith("{"))
      .flatMap((line) => {
        const { result } = JSON.parse(line) as { result?: { content: string; nodeName?: string } };
        return result === undefined ? [] : [{ node: result.nodeName ?? "", text: result.content }];
      });
  }
}
