/** An API server in memory, and the suite that every KubeClient passes. @module */
export { type KubeBench, kubeConformance } from "./conformance.ts";
export { FakeKube } from "./fake-kube.ts";
