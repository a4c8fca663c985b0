/** The most that a picture may have when it is sent, in bytes. */
export const imageSizeLimit = 5 * 1024 * 1024

/** Pixels of a picture's longer side as we keep it, in strings, for that is how they are asked for. */
export const imageSizes = ['64', '256'] as const
export type ImageSize = (typeof imageSizes)[number]

/** One picture, as WebP in each size. */
export type RenderedImage = Record<ImageSize, Buffer>
