/** The maximum size of an uploaded image, in bytes. Texts of the interface and docs/api.md name it too. */
export const imageSizeLimit = 5 * 1024 * 1024
