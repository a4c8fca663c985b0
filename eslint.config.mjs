// @ts-check
import vueA11y from 'eslint-plugin-vuejs-accessibility'
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
  ...vueA11y.configs['flat/recommended'],
  { files: ['**/*.{ts,mjs}'], rules: { 'max-len': ['error', longLines] } },
  // Generated, with the descriptions of operations.
  { files: ['client/src/types/*.ts'], rules: { 'max-len': 'off' } },
  {
    files: ['**/*.vue'],
    rules: {
      'vue/max-len': [
        'error',
        {
          ...longLines,
          template: 120,
          ignoreHTMLAttributeValues: true,
          ignoreHTMLTextContents: true,
          ignorePattern: 'eslint-disable',
        },
      ],
      'vue/html-self-closing': 'off',
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      // On a phone, tables are shown as blocks, which takes their roles away.
      'vuejs-accessibility/no-redundant-roles': 'off',
      // An optional prop of a typed component is undefined by default, as its type says.
      'vue/require-default-prop': 'off',
    },
  },
)
