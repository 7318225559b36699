import { kubeConformance } from "./conformance.ts";
import { FakeKube } from "./fake-kube.ts";

kubeConformance("the fake", async () => ({ client: new FakeKube(), namespace: "test" }));
