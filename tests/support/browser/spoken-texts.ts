import ts from 'typescript'
import { parse } from 'vue/compiler-sfc'
import type { Source } from '../sources.ts'

type TemplateNode = NonNullable<ReturnType<typeof parse>['descriptor']['template']>['ast'] | { type: number }
interface Attribute {
  type: number
  name: string
  value?: { content: string }
  arg?: { content?: string }
  exp?: { content?: string }
}
interface Element {
  type: number
  tag?: string
  content?: string | { content: string }
  props?: Attribute[]
  children?: Element[]
}

const elementType = 1
const textType = 2
const interpolationType = 5
const attributeType = 6
const directiveType = 7

/** Attributes that users see or hear, and properties that are passed on to such attributes. */
const spoken = new Set([
  'label',
  'title',
  'placeholder',
  'alt',
  'aria-label',
  'aria-description',
  'aria-roledescription',
  'text',
  'help',
  'none',
  'action',
  'here',
  'description',
  'summary',
  'hint',
])

/** @returns every literal text that users would see, instead of a key of a text file */
export function rawTexts({ file, code }: Source): string[] {
  if (!file.endsWith('.vue')) return inScript(code)
  const { descriptor } = parse(code, { filename: file })
  const root = descriptor.template?.ast as TemplateNode as Element | undefined
  return [
    ...(root ? inTemplate(root) : []),
    ...[descriptor.script, descriptor.scriptSetup].flatMap(block => (block ? inScript(block.content) : [])),
  ]
}

function inTemplate(node: Element): string[] {
  // Keyboard keys and code examples are the same in every language.
  if (node.type === elementType && (node.tag === 'kbd' || node.tag === 'code')) return []
  if (node.type === textType) return [node.content as string].filter(isText)
  if (node.type === interpolationType) return written((node.content as { content: string }).content)
  const attributes = (node.props ?? []).flatMap(({ type, name, value, arg, exp }) => {
    if (type === attributeType && spoken.has(name)) return [value?.content ?? ''].filter(isText)
    return type === directiveType && name === 'bind' && spoken.has(arg?.content ?? '')
      ? written(exp?.content ?? '')
      : []
  })
  return [...attributes, ...(node.children ?? []).flatMap(inTemplate)]
}

function written(expression: string): string[] {
  const statement = ts.createSourceFile('x.ts', `(${expression})`, ts.ScriptTarget.Latest, true).statements[0]
  return statement && ts.isExpressionStatement(statement) ? results(statement.expression) : []
}

function inScript(code: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isPropertyAssignment(node) && spoken.has(node.name.getText())) found.push(...results(node.initializer))
    if (ts.isCallExpression(node) && node.expression.getText() === 'notify' && node.arguments[0])
      found.push(...results(node.arguments[0]))
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('x.ts', code, ts.ScriptTarget.Latest, true))
  return found
}

/** The texts that an expression can evaluate to, without those that it compares or looks up. */
function results(node: ts.Node): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text].filter(isText)
  if (ts.isTemplateExpression(node))
    return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].filter(isText)
  if (ts.isParenthesizedExpression(node)) return results(node.expression)
  if (ts.isConditionalExpression(node)) return [...results(node.whenTrue), ...results(node.whenFalse)]
  if (ts.isBinaryExpression(node) && !/[=<>]/.test(node.operatorToken.getText()))
    return [...results(node.left), ...results(node.right)]
  return ts.isArrowFunction(node) && !ts.isBlock(node.body) ? results(node.body) : []
}

function isText(text: string): boolean {
  return (
    /\p{L}/u.test(text) &&
    !/^[a-z]+(?:_[a-z]+)+$/.test(text) &&
    !/^\s*[a-z_]+(?:\.[\w-]+)+\.?\s*$/.test(text) &&
    !/^[/#]/.test(text)
  )
}
