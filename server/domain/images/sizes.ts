/** Pixels of a stored image's longer side, as strings, because requests name them. */
export const imageSizes = ['64', '256'] as const
export type ImageSize = (typeof imageSizes)[number]

/** One image, as WebP in each size. */
export type RenderedImage = Record<ImageSize, Buffer>
