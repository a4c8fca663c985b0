/** A setting that is missing or wrong. Its message is one line, names the setting, and contains no secret. */
export class ConfigError extends Error {}
