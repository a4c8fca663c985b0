import manifest from '../../package.json' with { type: 'json' }

/** The version of the product, such as `0.2.0`. */
export const { version } = manifest
