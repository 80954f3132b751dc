CREATE OR REPLACE PROCEDURE webhook_store_payment(
    IN p_order_id VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_state VARCHAR(16) CHARACTER SET utf8mb4,
    IN p_paid_won BIGINT,
    IN p_refunded_won BIGINT,
    IN p_method VARCHAR(64) CHARACTER SET utf8mb4,
    IN p_transaction_id VARCHAR(200) CHARACTER SET utf8mb4,
    IN p_paid_at DATETIME(6)
)
MODIFIES SQL DATA
SQL SECURITY DEFINER
BEGIN
    DECLARE v_seq INT;
    DECLARE v_missing DECIMAL(20, 4) DEFAULT 0;
    SELECT ORD_SEQ INTO v_seq FROM TB_ORD_MST WHERE ORD_NO = CONVERT(p_order_id USING latin1);
    UPDATE TB_ORD_MST
    SET PAY_STS = CASE
        WHEN p_paid_won > 0 AND p_refunded_won >= p_paid_won THEN 95
        WHEN p_state = 'unpaid' THEN 0
        WHEN p_state = 'pending' THEN 10
        WHEN p_state = 'failed' THEN 19
        WHEN p_state = 'paid' THEN 20
        WHEN p_state = 'cancelled' THEN 90
    END
    WHERE ORD_SEQ = v_seq;
    INSERT INTO TB_PAY (ORD_SEQ, PAY_AMT, RFND_AMT, PAY_KIND, PG_TID, PAY_DT)
    VALUES (v_seq, p_paid_won, p_refunded_won, p_method, p_transaction_id, p_paid_at + INTERVAL 9 HOUR)
    ON DUPLICATE KEY UPDATE
        PAY_AMT = VALUES(PAY_AMT),
        RFND_AMT = VALUES(RFND_AMT),
        PAY_KIND = VALUES(PAY_KIND),
        PG_TID = VALUES(PG_TID),
        PAY_DT = VALUES(PAY_DT);
    IF p_refunded_won > 0 THEN
        SELECT p_refunded_won - COALESCE(SUM(RFND_AMT), 0) INTO v_missing
        FROM TB_RFND
        WHERE ORD_SEQ = v_seq AND RFND_STS = 2
        FOR UPDATE;
    END IF;
    IF v_missing > 0 THEN
        UPDATE TB_RFND
        SET RFND_STS = 2, RFND_DT = UTC_TIMESTAMP() + INTERVAL 9 HOUR
        WHERE ORD_SEQ = v_seq AND RFND_STS IN (0, 1) AND RFND_AMT = v_missing
        ORDER BY RFND_SEQ
        LIMIT 1;
        IF ROW_COUNT() = 0 THEN
            INSERT INTO TB_RFND (ORD_SEQ, LINE_NO, RFND_AMT, RFND_STS, RFND_DT)
            VALUES (v_seq, NULL, v_missing, 2, UTC_TIMESTAMP() + INTERVAL 9 HOUR);
        END IF;
    END IF;
END
