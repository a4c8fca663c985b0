/** A file of migrations breaks a rule, or a schema's recorded migrations do not match those of this program. */
export class MigrationError extends Error {}
