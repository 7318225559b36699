import { z } from "zod";
import { AnyString, IntOrString, KubeList, KubeObject } from "../meta.ts";

/** A key of a Secret or ConfigMap. */
const KeyRef = z.strictObject({
  name: z.string().optional(),
  key: z.string(),
  optional: z.boolean().optional(),
});
const WholeRef = z.strictObject({ name: z.string().optional(), optional: z.boolean().optional() });

export const EnvVar = z.strictObject({
  name: z.string().min(1),
  value: AnyString.optional(),
  valueFrom: z
    .strictObject({
      secretKeyRef: KeyRef.optional(),
      configMapKeyRef: KeyRef.optional(),
      fieldRef: z.strictObject({ apiVersion: z.string().optional(), fieldPath: z.string() }).optional(),
      resourceFieldRef: KubeObject.optional(),
      fileKeyRef: KubeObject.optional(),
    })
    .optional(),
});
export type EnvVar = z.infer<typeof EnvVar>;

const EnvFrom = z.strictObject({
  prefix: z.string().optional(),
  secretRef: WholeRef.optional(),
  configMapRef: WholeRef.optional(),
});

const VolumeMount = z.strictObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  subPathExpr: z.string().optional(),
  readOnly: z.boolean().optional(),
  recursiveReadOnly: z.string().optional(),
  mountPropagation: z.string().optional(),
});

const Resources = z.strictObject({
  limits: KubeObject.optional(),
  requests: KubeObject.optional(),
  claims: KubeList.optional(),
});

const shape = {
  name: z.string().optional(),
  image: z.string().optional(),
  command: z.array(AnyString).optional(),
  args: z.array(AnyString).optional(),
  workingDir: z.string().optional(),
  env: z.array(EnvVar).optional(),
  envFrom: z.array(EnvFrom).optional(),
  ports: KubeList.optional(),
  resources: Resources.optional(),
  resizePolicy: KubeList.optional(),
  restartPolicy: z.string().optional(),
  volumeMounts: z.array(VolumeMount).optional(),
  volumeDevices: KubeList.optional(),
  livenessProbe: KubeObject.optional(),
  readinessProbe: KubeObject.optional(),
  startupProbe: KubeObject.optional(),
  lifecycle: KubeObject.optional(),
  terminationMessagePath: z.string().optional(),
  terminationMessagePolicy: z.string().optional(),
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
  securityContext: KubeObject.optional(),
  stdin: z.boolean().optional(),
  stdinOnce: z.boolean().optional(),
  tty: z.boolean().optional(),
};

/** A Kubernetes container, with its own field names. */
export const Container = z.strictObject(shape);
export type Container = z.infer<typeof Container>;

/** A container whose command gets a file with `source` as its last argument; without a source it is a container. */
export const Script = z.strictObject({ ...shape, source: z.string().default("") });
export type Script = z.infer<typeof Script>;

/** A sidecar or init container. */
export const UserContainer = z.strictObject({ ...shape, mirrorVolumeMounts: z.boolean().optional() });
export type UserContainer = z.infer<typeof UserContainer>;

/** A container as a pod has it: fields that are not known here go to Kubernetes as they are. */
export const PodContainer = z.looseObject({ ...shape, name: z.string().min(1) });
export type PodContainer = z.infer<typeof PodContainer>;

export const ContainerSet = z.strictObject({
  containers: z
    .array(z.strictObject({ ...shape, name: z.string(), dependencies: z.array(z.string()).optional() }))
    .min(1),
  volumeMounts: z.array(VolumeMount).optional(),
  retryStrategy: z.strictObject({ retries: IntOrString, duration: z.string().optional() }).optional(),
});
export type ContainerSet = z.infer<typeof ContainerSet>;
