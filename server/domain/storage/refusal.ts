/** The server that has the files refuses a request, for example because the access key may not do it. */
export class StorageRefusal extends Error {}
