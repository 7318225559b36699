export const text = (data: Uint8Array): string => Buffer.from(data).toString("utf8");
