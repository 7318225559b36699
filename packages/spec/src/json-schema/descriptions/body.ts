import { Container, ContainerSet, EnvVar, Script } from "../../workflow/container.ts";
import { DataTemplate, HttpTemplate, ResourceTemplate, Suspend } from "../../workflow/template.ts";
import type { Described, Rows } from "./rows.ts";

const containerRows: Rows = {
  name: "Its name; a template's only container is always main.",
  image: "The container image.",
  command: "What runs, as a list; default: the image's entrypoint.",
  args: "Arguments of the command.",
  workingDir: "Folder in which the command runs.",
  env: "Environment variables.",
  envFrom: "Environment variables from whole ConfigMaps or Secrets.",
  ports: "Ports that the container serves.",
  resources: "CPU, memory and the like: requests and limits.",
  resizePolicy: "How resources may change while it runs.",
  restartPolicy: "Always makes an init container a sidecar.",
  volumeMounts: "Where volumes appear in the file system.",
  volumeDevices: "Where block devices appear.",
  livenessProbe: "How Kubernetes sees whether it lives.",
  readinessProbe: "How Kubernetes sees whether it is ready.",
  startupProbe: "How Kubernetes sees whether it has started.",
  lifecycle: "Handlers after its start and before its stop.",
  terminationMessagePath: "File whose content becomes its termination message.",
  terminationMessagePolicy: "Where its termination message comes from.",
  imagePullPolicy: "When the image is pulled.",
  securityContext: "Kubernetes security context of the container.",
  stdin: "Whether it has a standard input.",
  stdinOnce: "Whether its standard input closes after the first client.",
  tty: "Whether it has a terminal.",
};

/** Of what a template does. */
export const bodyRows: Described = [
  [Container, containerRows],
  [Script, { ...containerRows, source: "The text that is run, as a file." }],
  [
    EnvVar,
    {
      name: "Name of the variable.",
      value: "Its value.",
      valueFrom: "A key of a ConfigMap or Secret, or a field of the pod.",
    },
  ],
  [
    ContainerSet,
    {
      containers: "The containers; dependencies order them.",
      volumeMounts: "Mounts of every container.",
      retryStrategy: "How often a container is tried again inside the pod.",
    },
  ],
  [Suspend, { duration: 'How long it waits: "20" seconds, "2m"; absent: until it is resumed.' }],
  [
    HttpTemplate,
    {
      method: "GET (default), POST, PUT …",
      url: "Where the request goes.",
      headers: "Headers of the request; valueFrom reads a Secret.",
      body: "The request's body.",
      bodyFrom: "The request's body as bytes, in base64.",
      timeoutSeconds: "Longest time for the answer; default 30.",
      successCondition: "Expression over request and response; default: a status of 2xx.",
      insecureSkipVerify: "Take any certificate.",
    },
  ],
  [
    ResourceTemplate,
    {
      action: "get, create, apply, delete, replace or patch.",
      mergeStrategy: "How a patch is merged: strategic (default), merge or json.",
      manifest: "The object, as YAML; tags are replaced.",
      manifestFrom: "An input artifact that is the object.",
      setOwnerReference: "Whether the object is deleted with the workflow.",
      successCondition: "Done when this holds, as status.succeeded > 0.",
      failureCondition: "Failed when this holds.",
      flags: "More arguments of kubectl.",
    },
  ],
  [
    DataTemplate,
    {
      source: "Where the list comes from: artifactPaths.",
      transformation: "Expressions over data, one after the other.",
    },
  ],
];
