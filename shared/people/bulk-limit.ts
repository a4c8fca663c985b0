/** People in one bulk action. Not with the schemas, which would bring the schema library into the directory's page. */
export const bulkLimit = 100
