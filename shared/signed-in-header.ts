/** The header with which pages say that they show a signed-in user. */
export const signedInHeader = 'x-tenantry-signed-in'
