/** A setting that is missing or wrong. Its message is one line, names the setting and shows no value of a secret. */
export class ConfigError extends Error {}
