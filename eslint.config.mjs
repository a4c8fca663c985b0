// @ts-check
import withNuxt from './.nuxt/eslint.config.mjs'

const longLines = {
  code: 120,
  ignoreStrings: true,
  ignoreTemplateLiterals: true,
  ignoreUrls: true,
  ignoreRegExpLiterals: true,
}

// Line breaks are the formatter's; see .prettierrc.json.
export default withNuxt(
  {
    rules: {
      'complexity': ['error', 20],
      'max-depth': ['error', 3],
      'no-nested-ternary': 'error',
    },
  },
  { files: ['**/*.{ts,mjs}'], rules: { 'max-len': ['error', longLines] } },
  {
    files: ['**/*.vue'],
    rules: {
      'vue/max-len': [
        'error',
        { ...longLines, template: 120, ignoreHTMLAttributeValues: true, ignoreHTMLTextContents: true },
      ],
      'vue/html-self-closing': 'off',
      // An optional prop of a typed component is undefined by default, as its type says.
      'vue/require-default-prop': 'off',
    },
  },
)
