/** Fakes that tests of the API and of its clients may use. @module */
export { type ApiParts, anApi, aWorkflow } from "./an-api.ts";
export { rawExchange } from "./raw-http.ts";
