package io.kiln.notes;

import java.util.Properties;
import org.apache.zeppelin.interpreter.Interpreter;
import org.apache.zeppelin.interpreter.InterpreterContext;
import org.apache.zeppelin.interpreter.InterpreterResult;

/** Stands for Zeppelin's Markdown, which it gives back as it is. */
public final class TextInterpreter extends Interpreter {
    /**
     * Makes an interpreter.
     *
     * @param properties not used
     */
    public TextInterpreter(Properties properties) {
        super(properties);
    }

    @Override
    public void open() {}

    @Override
    public InterpreterResult interpret(String text, InterpreterContext context) {
        return new InterpreterResult(InterpreterResult.Code.SUCCESS, InterpreterResult.Type.TEXT, text);
    }

    @Override
    public void cancel(InterpreterContext context) {}

    @Override
    public FormType getFormType() {
        return FormType.NONE;
    }

    @Override
    public int getProgress(InterpreterContext context) {
        return 0;
    }

    @Override
    public void close() {}
}
