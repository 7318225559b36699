/** Fakes that tests of the API and of its clients may use. @module */
export { rawExchange } from "./raw-http.ts";
