/** What is wrong with a file or a row. The server and the import page read files by the same rules. */
export const strayQuoteText = 'This row has a quotation mark in the wrong place.'
export const tooManyCellsText = 'This row has more cells than the header.'
export const workbookText = 'This is a workbook. In the spreadsheet program, save it as "CSV UTF-8".'
