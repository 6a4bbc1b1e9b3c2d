/** Typed lint for the sources and tests; plain recommendations for build scripts. */
import path from 'node:path';
import tsdoc from 'eslint-plugin-tsdoc';
import tseslint from 'typescript-eslint';

const ROOT = path.dirname(import.meta.dirname);

/** Every export says what it is: shapes, units, errors. */
const documentedExports = {
  meta: { type: 'suggestion', schema: [], messages: { missing: 'this export has no doc comment' } },
  create: (context) => ({
    'Program > ExportNamedDeclaration[declaration]'(node) {
      const before = context.sourceCode.getCommentsBefore(node).at(-1);
      if (before?.type !== 'Block' || !before.value.startsWith('*'))
        context.report({ node, messageId: 'missing' });
    },
  }),
};

export default tseslint.config(
  {
    basePath: ROOT,
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-control-regex': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // The vendor's packages bring several copies of one class.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Contradicts no-non-null-assertion.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    basePath: ROOT,
    files: ['src/**/*.ts'],
    plugins: { tsdoc, local: { rules: { 'documented-exports': documentedExports } } },
    rules: {
      'tsdoc/syntax': 'error',
      'local/documented-exports': 'error',
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 40, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    basePath: ROOT,
    files: ['test/**/*.ts'],
    rules: {
      // `expect(mock.method)` and fire-and-forget servers are how tests read.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { basePath: ROOT, files: ['**/*.mjs'], extends: [tseslint.configs.recommended] },
);
